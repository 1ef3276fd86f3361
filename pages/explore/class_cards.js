// Draws the cards of class_cards.py. Text only ever enters through textContent and attributes.

const USUAL = 3; // images of a class

export default function ({ data, parentElement, setTriggerValue }) {
  const place = parentElement.querySelector("#cards");
  const stamp = JSON.stringify(data);
  if (place.stamp === stamp) return;
  place.stamp = stamp;
  const list = document.createElement("ul");
  for (const card of data.cards) {
    drawCard(add(list, "li", ""), card, (id) => setTriggerValue("picked", [card.name, id]));
  }
  place.replaceChildren(list);
}

function drawCard(item, card, pick) {
  const head = add(item, "h3", "");
  add(head, "i", "dot").style.background = card.color;
  head.append(card.name);
  add(head, "small", "", card.amount);
  const images = add(item, "div", "images");
  for (const tile of card.tiles) drawImage(images, tile, () => pick(tile.id));
  // Where there are fewer, each keeps the size that it has among several.
  for (let n = card.tiles.length; n && n < USUAL; n++) add(images, "span", "").style.flex = "1 1 0";
  if (card.counted) add(item, "p", "counted", card.counted);
  for (const [what, definition, source, caveat] of card.meanings) {
    const words = add(item, "p", "");
    if (what) add(words, "b", "", `${what}: `);
    words.append(definition);
    if (caveat) add(item, "p", "caveat", caveat);
    if (source) add(item, "p", "source", `Source: ${source}`);
  }
  if (!card.seeAll) return;
  const all = add(item, "button", "all", card.seeAll);
  all.type = "button";
  all.onclick = () => pick("");
}

function drawImage(images, tile, open) {
  const frame = add(images, "button", "frame");
  frame.type = "button";
  frame.style.flex = `${tile.ratio} 1 0`;
  frame.style.aspectRatio = tile.ratio;
  frame.setAttribute("aria-label", `${tile.alt}: open it`);
  frame.onclick = open;
  if (!tile.src) {
    add(frame, "span", "reason", tile.reason);
    return;
  }
  Object.assign(add(frame, "img", ""), { src: tile.src, alt: "" });
  for (const [x, y, width, height] of tile.boxes) {
    const box = add(frame, "i", "box");
    const sides = { left: x, top: y, width, height };
    for (const [side, share] of Object.entries(sides)) box.style[side] = `${100 * share}%`;
  }
}
