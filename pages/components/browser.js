// What only the browser can do for a page; there is no option for any of it.

// Streamlit says of a server that was stopped: "Are you connected to the internet?" What matters
// here is that trainings go on without it.
const THEIRS = "Streamlit server is not responding";
const SCROLL_MS = 8000; // within which a page has come whole
const PHONE = 800; // px, up to which the navigation lies in a drawer

export default function ({ data }) {
  if (window.pageBefore !== data.page) scrollToResult();
  if (window.pageBefore !== undefined && window.pageBefore !== data.page) closeDrawer();
  window.pageBefore = data.page;
  if (window.watchesConnection) return;
  window.watchesConnection = true;
  new MutationObserver(() => {
    for (const dialog of document.querySelectorAll("[role=dialog]")) {
      const words = [...dialog.querySelectorAll("div")].findLast((place) =>
        place.textContent.startsWith(THEIRS),
      );
      if (!words) continue;
      words.textContent = data.words;
      const title = dialog.querySelector("h2");
      if (title) title.textContent = data.title;
    }
  }).observe(document.body, { childList: true, subtree: true });
}

// On a phone the drawer of the navigation would go on covering the page that was chosen in it.
function closeDrawer() {
  if (window.innerWidth > PHONE) return;
  const drawer = document.querySelector('[data-testid="stSidebar"][data-collapsed="false"]');
  drawer?.querySelector('[data-testid="stSidebarCollapseButton"] button')?.click();
}

// A link to a result means what stands in its tab: the tabs come into sight, and stay there while
// what lies above them still grows, unless somebody scrolls by hand.
function scrollToResult() {
  if (!new URLSearchParams(window.location.search).has("result")) return;
  const until = Date.now() + SCROLL_MS;
  const timer = setInterval(() => {
    const tabs = document.querySelector('[data-testid="stTabs"]');
    if (tabs) {
      tabs.style.scrollMarginTop = "4rem"; // below the bar at the top
      tabs.scrollIntoView({ block: "start" });
    }
    if (Date.now() > until) stop();
  }, 250);
  const signs = ["wheel", "touchstart", "pointerdown", "keydown"];
  const stop = () => {
    clearInterval(timer);
    for (const sign of signs) window.removeEventListener(sign, stop, true);
  };
  for (const sign of signs) window.addEventListener(sign, stop, true);
}
