// Draws the tiles of grid.py. Text only ever enters through textContent and attributes, so a
// file name or finding cannot become markup.

export default function ({ data, parentElement, setTriggerValue }) {
  const list = parentElement.querySelector("ul");
  list.classList.toggle("hide-boxes", !data.showBoxes);
  list.classList.toggle("pixelated", data.pixelated);
  list.classList.toggle("large", data.windows.length > 0);
  list.style.setProperty("--columns", data.columns);
  list.style.setProperty("--least", `${data.leastWidth}px`);
  // A rerun that changes nothing but the boxes keeps the images that are already decoded.
  const stamp = JSON.stringify(
    data.tiles.map(({ src, mask, ...rest }) => [src.length, mask.length, rest]),
  );
  if (list.stamp !== stamp) {
    list.stamp = stamp;
    drawTiles(list, data, setTriggerValue);
  }
  for (const card of list.querySelectorAll("button.tile")) {
    card.setAttribute("aria-pressed", card.dataset.id === data.selected);
  }
  showWindow(parentElement, data.windows); // of window.js
}

function drawTiles(list, data, setTriggerValue) {
  const open = data.clickable && ((id) => setTriggerValue("opened", id));
  list.replaceChildren(...data.tiles.map((tile) => drawTile(tile, open)));
}

function drawTile(tile, open) {
  const item = document.createElement("li");
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
    const image = add(frame, "img", "");
    image.src = tile.src;
    image.alt = open ? "" : tile.alt; // a button speaks for its image
    if (tile.mask) add(frame, "i", "mask").style.maskImage = `url(${tile.mask})`;
    for (const [left, top, width, height] of tile.boxes) {
      const box = add(frame, "i", "box");
      Object.assign(box.style, {
        left: `${left * 100}%`,
        top: `${top * 100}%`,
        width: `${width * 100}%`,
        height: `${height * 100}%`,
      });
    }
  } else {
    add(place, "span", "broken").textContent = tile.reason;
  }

  if (!tile.title) return item;
  const title = add(card, "span", "title");
  if (tile.color) add(title, "i", "dot").style.background = tile.color;
  add(title, "span", "name").textContent = tile.title;
  if (tile.note) add(title, "span", "note").textContent = tile.note;
  return item;
}

function add(parent, kind, className) {
  const element = document.createElement(kind);
  element.className = className;
  parent.appendChild(element);
  return element;
}
