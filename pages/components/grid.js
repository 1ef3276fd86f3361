// Draws the tiles of grid.py. Text only ever enters through textContent and attributes, so a
// file name or finding cannot become markup.

export default function ({ data, parentElement, setTriggerValue }) {
  const list = parentElement.querySelector("ul");
  list.classList.toggle("hide-boxes", !data.showBoxes);
  list.classList.toggle("pixelated", data.pixelated);
  list.classList.toggle("dense", data.rowHeight > 0);
  list.style.setProperty("--columns", data.columns);
  list.style.setProperty("--least", `${data.leastWidth}px`);
  list.style.setProperty("--tall", data.rowHeight);
  list.style.setProperty("--heat", data.showHeat);
  // A rerun that changes nothing but boxes and opacity keeps the images that are already decoded.
  const stamp = JSON.stringify(
    data.tiles.map(({ src, mask, heat, ...rest }) =>
      [src.length, mask.length, stampOf(heat), rest]),
  );
  if (list.stamp !== stamp) {
    list.stamp = stamp;
    drawTiles(list, data, setTriggerValue);
    list.alignedAt = undefined;
  }
  if (data.rowHeight > 0) keepAligned(list);
  markOpen(list, data);
}

function drawTiles(list, data, setTriggerValue) {
  const send = (name) => (id) => {
    // Before the grid gets narrower: see markOpen.
    if (!list.openBefore?.length) list.scrolled = findScroller()?.scrollTop;
    setTriggerValue(name, id);
  };
  const open = data.clickable && send("opened");
  const tick = data.tickable && send("ticked");
  list.replaceChildren(...data.tiles.map((tile) => drawTile(tile, open, tick)));
}

// The rows fill the width, but the last one has a rest: its images get the height of the row above.
function keepAligned(list) {
  alignLastRow(list);
  if (list.watcher) return;
  list.watcher = new ResizeObserver(() => alignLastRow(list));
  list.watcher.observe(list);
}

function alignLastRow(list) {
  const width = list.clientWidth;
  if (!width || list.alignedAt === width) return;
  list.alignedAt = width;
  list.classList.remove("aligned");
  const items = [...list.children];
  for (const item of items) item.style.flex = "";
  const tops = items.map((item) => item.offsetTop);
  const last = items.filter((_, n) => tops[n] === tops.at(-1));
  const above = items[items.length - last.length - 1];
  if (!above) return;
  const ratioOf = (item) => Number(item.style.getPropertyValue("--ratio"));
  const tall = above.getBoundingClientRect().width / ratioOf(above);
  const style = getComputedStyle(list);
  const taken = ["paddingLeft", "paddingRight"].map((side) => parseFloat(style[side]));
  const gaps = parseFloat(style.columnGap) * (last.length - 1);
  // Not clientWidth, which is rounded: a hair too wide, and the last image would wrap.
  const room = list.getBoundingClientRect().width - taken[0] - taken[1] - gaps - 0.5;
  const wanted = last.reduce((sum, item) => sum + tall * ratioOf(item), 0);
  const scale = Math.min(1, room / wanted);
  for (const item of last) item.style.flex = `0 0 ${tall * ratioOf(item) * scale}px`;
  list.classList.add("aligned");
}

function drawTile(tile, open, tick) {
  const item = document.createElement("li");
  item.dataset.id = tile.id;
  item.style.setProperty("--ratio", tile.ratio);
  const card = add(item, open ? "button" : "div", "tile");
  if (open) {
    card.type = "button";
    card.title = card.dataset.id = tile.id;
    card.setAttribute("aria-label", tile.alt);
    card.onclick = () => open(tile.id);
  }

  const place = add(card, "span", "image");
  if (tile.src) {
    const frame = add(place, "span", tile.ratio < 1 ? "frame tall" : "frame");
    frame.style.aspectRatio = tile.ratio;
    drawImage(frame, tile).alt = open ? "" : tile.alt; // a button speaks for its image
  } else {
    add(place, "span", "broken").textContent = tile.reason;
  }

  if (tick) drawTick(item, tile, tick);
  if (!tile.title) return item;
  const title = add(card, "span", "title");
  if (tile.color) add(title, "i", "dot").style.background = tile.color;
  add(title, "span", "name").textContent = tile.title;
  if (tile.note) add(title, "span", "note").textContent = tile.note;
  return item;
}

function drawTick(item, tile, tick) {
  const label = add(item, "label", "tick");
  label.title = "Compare";
  const box = add(label, "input", "");
  box.type = "checkbox";
  box.setAttribute("aria-label", `Compare ${tile.alt}`);
  box.onchange = () => tick(tile.id);
}

function findScroller() {
  return document.querySelector('[data-testid="stMain"]');
}

// Which tiles are open beside the grid. The grid gets narrower for that and its rows break
// elsewhere: the tile in question stays in sight, and the old place is there again afterwards.
function markOpen(list, data) {
  const open = new Set(data.open);
  for (const item of list.children) {
    const isOpen = open.has(item.dataset.id);
    item.classList.toggle("open", isOpen);
    item.querySelector(".tile").toggleAttribute("aria-current", isOpen);
    const box = item.querySelector(".tick input");
    if (box) box.checked = isOpen;
    if (box) box.disabled = !isOpen && open.size >= data.most;
  }
  const before = list.openBefore ?? data.open;
  list.openBefore = data.open;
  if (JSON.stringify(before) === JSON.stringify(data.open)) return;
  const scroller = findScroller();
  if (!scroller) return;
  const last = data.open.at(-1);
  requestAnimationFrame(() => {
    if (!data.open.length && list.scrolled !== undefined) scroller.scrollTop = list.scrolled;
    const item = [...list.children].find((each) => each.dataset.id === last);
    // On a phone the large image stands above the grid.
    if (!matchMedia("(max-width: 640px)").matches) item?.scrollIntoView({ block: "nearest" });
    else if (last && data.open.length === 1) {
      document.querySelector(".st-key-large_images")?.scrollIntoView();
    }
  });
}
