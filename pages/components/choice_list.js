// Draws the rows of choice_list.py. Text only ever enters through textContent and attributes.

const PHONE = 640; // px, Streamlit's own limit: up to it columns stand below one another
const SIGNS = { passed: "✓", warning: "!", serious: "✕" };

export default function ({ data, parentElement, setTriggerValue }) {
  const list = parentElement.querySelector("[role]");
  list.setAttribute("role", data.marked ? "radiogroup" : "group");
  list.setAttribute("aria-label", data.label);
  const focused = list.getRootNode().activeElement?.dataset?.id;
  const pick = (id) => setTriggerValue("picked", id);
  list.replaceChildren(...data.rows.map((row) => drawRow(row, data, pick)));
  // As in any group of radio buttons: one stop for Tab, arrows from row to row.
  const open = [...list.querySelectorAll("button:not(:disabled)")];
  const stop = open.find((button) => button.ariaChecked === "true") ?? open[0];
  for (const button of data.marked ? [stop] : open) if (button) button.tabIndex = 0;
  list.onkeydown = (event) => {
    const step = { ArrowDown: 1, ArrowRight: 1, ArrowUp: -1, ArrowLeft: -1 }[event.key];
    const at = open.indexOf(event.target);
    if (!step || at < 0) return;
    event.preventDefault();
    event.stopPropagation();
    open[(at + step + open.length) % open.length].focus();
  };
  const isNew = list.chosen !== undefined && list.chosen !== data.chosen;
  list.chosen = data.chosen;
  if (isNew && data.reveal && window.innerWidth <= PHONE) {
    const column = list.getRootNode().host?.closest("[data-testid=stColumn]");
    column?.nextElementSibling?.scrollIntoView();
  }
  if (focused) open.find((button) => button.dataset.id === focused)?.focus();
}

function drawRow(row, data, pick) {
  const button = document.createElement("button");
  const isChosen = row.id === data.chosen;
  button.type = "button";
  button.dataset.id = row.id;
  button.className = row.dim ? "dim" : "";
  button.disabled = row.disabled;
  button.tabIndex = -1;
  if (data.marked) button.setAttribute("role", "radio");
  if (data.marked) button.setAttribute("aria-checked", isChosen);
  button.onclick = () => isChosen || pick(row.id);
  if (data.marked) add(button, "i", `mark ${row.mark}`, SIGNS[row.mark] ?? "").ariaHidden = "true";
  const words = add(button, "span", "words");
  add(words, "b", "", row.title);
  if (row.note) add(words, "span", "", row.note);
  if (row.share >= 0) {
    const bar = add(words, "i", "way");
    bar.ariaHidden = "true"; // the words beside it say as much
    add(bar, "i", "").style.width = `${row.share * 100}%`;
  }
  if (row.value) {
    const value = add(button, "span", "value", row.value);
    if (row.value_note) add(value, "span", "", row.value_note);
  }
  return button;
}
