// Lays the prepared image over the original one; a slider moves the border between them.

export default function ({ data, parentElement }) {
  const place = parentElement.querySelector("#pair");
  const stamp = `${data.before.length} ${data.after.length} ${data.words}`;
  if (place.stamp === stamp && place.before === data.before && place.after === data.after) return;
  Object.assign(place, { stamp, before: data.before, after: data.after });
  const share = place.querySelector("input")?.value ?? 50;
  place.replaceChildren();
  const frame = add(place, "div", "frame");
  const before = add(frame, "img", "");
  Object.assign(before, { src: data.before, alt: data.alt });
  const after = add(frame, "img", "after");
  Object.assign(after, { src: data.after, alt: "" });
  after.classList.toggle("pixelated", data.pixelated);
  const line = add(frame, "i", "line");
  add(frame, "span", "left", data.words[0]);
  add(frame, "span", "right", data.words[1]);
  const slider = add(place, "input", "");
  Object.assign(slider, { type: "range", min: 0, max: 100, step: 1, value: share });
  slider.setAttribute("aria-label", `${data.words[0]} at the left, ${data.words[1]} at the right`);
  const move = () => {
    after.style.clipPath = `inset(0 0 0 ${slider.value}%)`;
    line.style.left = `${slider.value}%`;
  };
  slider.oninput = move;
  // Dragging on the image itself, as on a map.
  frame.onpointerdown = frame.onpointermove = (event) => {
    if (!event.buttons) return;
    const box = frame.getBoundingClientRect();
    slider.value = (100 * (event.clientX - box.left)) / box.width;
    move();
  };
  move();
}
