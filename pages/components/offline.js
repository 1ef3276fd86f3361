// Streamlit says of a server that was stopped: "Are you connected to the internet?" What matters
// here is that trainings go on without it. There is no option for these words.

const THEIRS = "Streamlit server is not responding";

export default function ({ data }) {
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
