// Draws the facets and chips of facets.py. Text only ever enters through textContent and
// attributes.

const unfolded = { now: false }; // on a phone; kept while the page runs again

export default function ({ data, parentElement, setTriggerValue }) {
  const root = parentElement.querySelector(".facets");
  const stamp = JSON.stringify(data);
  if (root.stamp === stamp) return;
  root.stamp = stamp;
  const focused = root.getRootNode().activeElement?.dataset?.id;
  const pick = (value) => setTriggerValue("picked", value);
  if (data.chips) drawChips(root, data.chips, pick);
  else drawRail(root, data.groups, pick);
  if (focused) root.querySelector(`[data-id="${CSS.escape(focused)}"]`)?.focus();
}

function drawChips(root, chips, pick) {
  root.replaceChildren();
  root.className = "facets chips";
  chips.forEach((words, place) => {
    const chip = add(root, "button", "chip", words);
    chip.type = "button";
    chip.setAttribute("aria-label", `${words}: take this filter back`);
    chip.onclick = () => pick(place);
    add(chip, "i", "", "✕").ariaHidden = "true";
  });
  const reset = add(root, "button", "reset", "Reset filters");
  reset.type = "button";
  reset.onclick = () => pick("all");
}

function drawRail(root, groups, pick) {
  root.replaceChildren();
  const n = groups.flatMap((group) => group.choices).filter((choice) => choice.chosen).length;
  const fold = add(root, "button", "fold", n ? `Filters (${n})` : "Filters");
  fold.type = "button";
  const show = () => {
    root.classList.toggle("unfolded", unfolded.now);
    fold.setAttribute("aria-expanded", unfolded.now);
  };
  fold.onclick = () => { unfolded.now = !unfolded.now; show(); };
  show();
  for (const group of groups) drawGroup(root, group, pick);
}

function drawGroup(root, group, pick) {
  const box = add(root, "div", "group");
  box.setAttribute("role", "group");
  box.setAttribute("aria-label", group.title);
  add(box, "div", "title", group.title).title = group.help;
  const most = Math.max(1, ...group.choices.map((choice) => choice.count));
  for (const choice of group.choices) {
    const row = add(box, "label", choice.count || choice.chosen ? "row" : "row none");
    const tick = add(row, "input", "");
    tick.type = "checkbox";
    tick.checked = choice.chosen;
    tick.dataset.id = `${group.id}=${choice.id}`;
    tick.onchange = () => pick([group.id, choice.id]);
    add(row, "span", "name", choice.title);
    add(row, "span", "count", choice.count.toLocaleString("en"));
    const bar = add(row, "i", "bar");
    bar.style.width = `${(100 * choice.count) / most}%`;
    if (choice.color) bar.style.background = choice.color;
  }
}
