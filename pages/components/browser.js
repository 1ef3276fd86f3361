// What only the browser can do for a page; there is no option for any of it.

// Streamlit says of a server that was stopped: "Are you connected to the internet?" What matters
// here is that trainings go on without it.
const THEIRS = "Streamlit server is not responding";
const PHONE = 800; // px, up to which the navigation lies in a drawer

export default function ({ data }) {
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
