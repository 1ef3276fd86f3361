// Draws the large images of viewer.py: zoom and place, window and level, keys. Text only ever
// enters through textContent and attributes.

const MOST = 12; // times larger
// Kept while images come and go, and over a reload: all images share one zoom and one place,
// whose x and y are fractions of the image.
const view = { zoom: 1, x: 0, y: 0, ...recall("view") };

export default function ({ data, parentElement, setTriggerValue }) {
  const root = parentElement.querySelector(".viewer");
  const send = (name, value) => setTriggerValue(name, value);
  const stamp = JSON.stringify([
    data.before, data.after, data.place,
    data.tiles.map(({ src, mask, heat, real, ...rest }) =>
      [src.length, mask.length, stampOf(heat), real?.[0].length, real?.slice(1), rest]),
  ]);
  root.classList.toggle("hide-boxes", !data.showBoxes);
  root.style.setProperty("--heat", data.showHeat);
  if (root.stamp !== stamp) {
    root.stamp = stamp;
    drawViewer(root, data, send);
  }
  place(root);
  showWindow(root, data); // of window.js
  root.onkey = (event) => handleKey(event, root, data, send);
  listen(root);
}

function drawViewer(root, data, send) {
  const focused = root.getRootNode().activeElement?.dataset?.name;
  root.querySelector(".bar")?.remove();
  root.querySelector(".stages")?.remove();
  const bar = document.createElement("div");
  bar.className = "bar";
  const stages = document.createElement("div");
  stages.className = "stages";
  root.prepend(bar, stages);
  const many = data.tiles.length > 1;
  addButton(bar, "previous", "‹", many ? "Another last image: the previous" : "Previous",
    () => send("opened", data.before)).disabled = !data.before;
  addButton(bar, "next", "›", many ? "Another last image: the next" : "Next",
    () => send("opened", data.after)).disabled = !data.after;
  add(bar, "span", "place").textContent = data.place;
  if (many) addButton(bar, "swap", "Swap", "Swap the images", () => send("swapped", true));
  if (many) addButton(bar, "first", "Only the first", "Only the first", () => send("first", true));
  addButton(bar, "out", "−", "Zoom out", () => zoomTo(root, view.zoom / 1.5));
  add(bar, "output", "zoom");
  addButton(bar, "in", "+", "Zoom in", () => zoomTo(root, view.zoom * 1.5));
  if (data.closable) addButton(bar, "close", "✕", "Close", () => send("closed", true));
  for (const tile of data.tiles) drawStage(stages, root, tile, many, send);
  if (focused) root.querySelector(`[data-name="${focused}"]`)?.focus();
}

function drawStage(stages, root, tile, many, send) {
  const stage = add(stages, "figure", "stage");
  stage.style.setProperty("--ratio", tile.ratio);
  const glass = add(stage, "div", "glass");
  if (tile.src) {
    const frame = add(glass, "div", "frame");
    const image = drawImage(frame, tile);
    image.alt = tile.alt;
    if (tile.real) drawReal(image, tile.real); // of window.js
    glass.onwheel = (event) => {
      if (!event.ctrlKey && view.zoom === 1) return; // the page scrolls
      event.preventDefault();
      zoomTo(root, view.zoom * Math.exp(-event.deltaY / 300), frame, event);
    };
    glass.ondblclick = () => zoomTo(root, 1);
    drag(root, glass, frame);
  } else {
    add(glass, "p", "broken").textContent = tile.reason;
  }
  const words = add(stage, "figcaption", "");
  if (tile.color) add(words, "i", "dot").style.background = tile.color;
  add(words, "b", "").textContent = tile.title;
  add(words, "span", "note").textContent = tile.note;
  if (many) {
    addButton(words, `drop ${tile.id}`, "✕", `Take ${tile.note} out`, () => send("dropped", tile.id));
  }
}

function drag(root, glass, frame) {
  let from = null;
  glass.onpointerdown = (event) => {
    if (view.zoom === 1 || event.button) return;
    from = { x: event.clientX, y: event.clientY, at: { ...view } };
    glass.setPointerCapture(event.pointerId);
  };
  glass.onpointermove = (event) => {
    if (!from) return;
    const width = frame.offsetWidth, height = frame.offsetHeight;
    view.x = from.at.x + (event.clientX - from.x) / width;
    view.y = from.at.y + (event.clientY - from.y) / height;
    place(root);
  };
  glass.onpointerup = glass.onpointercancel = () => { from = null; };
}

// What lies under the pointer stays there; without a pointer, the middle does.
function zoomTo(root, wanted, frame, pointer) {
  const zoom = Math.min(MOST, Math.max(1, wanted));
  let x = 0, y = 0;
  if (pointer) {
    const { left, top, width, height } = frame.parentElement.getBoundingClientRect();
    x = (pointer.clientX - left - width / 2) / frame.offsetWidth;
    y = (pointer.clientY - top - height / 2) / frame.offsetHeight;
  }
  const times = zoom / view.zoom;
  Object.assign(view, { zoom, x: x + (view.x - x) * times, y: y + (view.y - y) * times });
  place(root);
}

function place(root) {
  const room = (view.zoom - 1) / 2;
  view.x = Math.min(room, Math.max(-room, view.x));
  view.y = Math.min(room, Math.max(-room, view.y));
  for (const frame of root.querySelectorAll(".frame")) {
    frame.style.transform = `translate(${view.x * 100}%, ${view.y * 100}%) scale(${view.zoom})`;
    frame.style.setProperty("--zoom", view.zoom);
  }
  root.classList.toggle("zoomed", view.zoom > 1);
  root.querySelector(".zoom").textContent = `${view.zoom.toFixed(1)}×`;
  root.querySelector("[data-name=out]").disabled = view.zoom <= 1;
  root.querySelector("[data-name=in]").disabled = view.zoom >= MOST;
  keep("view", view);
}

// Arrow keys page wherever the focus is, but where they mean something else.
const OWN_ARROWS = "textarea, select, [contenteditable=true], input:not([type=checkbox]), "
  + "[role=radiogroup], [role=radio], [role=listbox], [role=combobox], [role=slider], "
  + "[role=tablist], [role=dialog], [role=menu]";

function handleKey(event, root, data, send) {
  if (event.defaultPrevented || event.ctrlKey || event.altKey || event.metaKey) return;
  const path = event.composedPath().filter((element) => element.matches);
  if (path.some((element) => element.matches(OWN_ARROWS))) return;
  const act = {
    ArrowLeft: data.before && (() => send("opened", data.before)),
    ArrowRight: data.after && (() => send("opened", data.after)),
    Escape: data.closable && (() => send("closed", true)),
    "+": () => zoomTo(root, view.zoom * 1.5),
    "-": () => zoomTo(root, view.zoom / 1.5),
    0: () => zoomTo(root, 1),
  }[event.key];
  if (!act) return;
  event.preventDefault();
  act();
}

function listen(root) {
  if (root.listens) return;
  root.listens = true;
  const hear = (event) => {
    if (root.isConnected) root.onkey(event);
    else document.removeEventListener("keydown", hear); // the viewer was closed
  };
  document.addEventListener("keydown", hear);
}

function addButton(parent, name, sign, words, act) {
  const button = add(parent, "button", "");
  button.type = "button";
  button.dataset.name = name;
  button.textContent = sign;
  button.title = words;
  button.setAttribute("aria-label", words);
  button.onclick = act;
  return button;
}
