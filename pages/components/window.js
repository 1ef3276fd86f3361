// Window and level of the large images of viewer.js: a straight line from values to gray levels.
// Of pictures of 8 bits the browser draws it through an SVG filter; of files with more values, which
// come in two channels of a picture, it is worked out here. Either way no move asks the server.

// What the user chose, kept while images come and go, and over a reload; all images share it.
const chosen = { preset: "", level: 0, width: 0, invert: false, ...recall("window") };

function showWindow(root, { windows: presets, scale, about }) {
  const stages = root.querySelector(".stages");
  let panel = root.querySelector(".window");
  if (!presets.length) return panel?.remove();
  // A preset that is measured on the image means another window on the next image. Numbers mean
  // nothing where the values are others.
  if (!chosen.width || chosen.about !== about) take(presets[0]);
  else if (chosen.preset) take(presets.find(({ name }) => name === chosen.preset) ?? presets[0]);

  chosen.about = about;
  const names = JSON.stringify([presets, scale, about]);
  if (!panel || panel.names !== names) {
    panel?.remove();
    panel = drawPanel(presets, scale, about, () => apply(root, panel));
    panel.names = names;
    stages.after(panel);
  }
  apply(root, panel);
}

function take({ name, level, width }) {
  Object.assign(chosen, { preset: name, level, width });
}

function drawPanel(presets, { low, high }, about, apply) {
  const range = high - low || 1;
  const step = 10 ** Math.floor(Math.log10(range / 200)); // half a level of 256

  const panel = document.createElement("div");
  panel.className = "window";
  panel.append(drawFilter());
  const sliders = [
    ["level", "Level", low, high], ["width", "Window width", about ? step : 1, about ? range : 255],
  ];
  for (const [name, title, min, max] of sliders) {
    const label = add(panel, "label", "");
    const words = add(label, "span", "");
    words.append(title);
    add(words, "output", name);
    const slider = add(label, "input", name);
    Object.assign(slider, { type: "range", min, max, step: about ? step : 0.5 });
    slider.setAttribute("aria-label", title);
    slider.oninput = () => {
      Object.assign(chosen, { preset: "", [name]: Number(slider.value) });
      apply();
    };
  }
  const buttons = add(panel, "div", "presets");
  const details = add(panel, "details", "");
  const addButton = (text, act) => {
    const button = add(buttons, "button", "");
    Object.assign(button, { type: "button", textContent: text });
    button.onclick = () => {
      act();
      apply();
    };
    return button;
  };
  for (const preset of presets) {
    addButton(preset.name, () => take(preset)).dataset.preset = preset.name;
  }
  addButton("invert", () => { chosen.invert = !chosen.invert; }).dataset.invert = "";
  addButton("reset", () => {
    chosen.invert = false;
    take(presets[0]);
  });
  add(details, "summary", "").textContent = "What the numbers mean";
  add(details, "p", "").textContent =
    (about || "Gray levels of the file as it is read: 0 is black, 255 is white.")
    + " The window is the stretch of values that is spread from black to white: it lies around the "
    + "level, half of its width on either side; what is darker turns black, what is brighter "
    + "white. A narrow window shows faint differences. Auto takes the 1st to the 99th percentile of "
    + "what is shown. These are no Hounsfield units, as no value of a radiograph names a tissue"
    + (about ? "." : ": “lungs” and “bones” only mean its dark and its bright part.");
  return panel;
}

function drawFilter() {
  const make = (kind, parent, attributes) => {
    const element = document.createElementNS("http://www.w3.org/2000/svg", kind);
    for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
    parent?.append(element);
    return element;
  };
  const svg = make("svg", null, { width: 0, height: 0, "aria-hidden": true });
  svg.style.position = "absolute";
  // On the stored values as they are, not on linear light.
  const filter = make("filter", svg, { id: "window", "color-interpolation-filters": "sRGB" });
  const transfer = make("feComponentTransfer", filter, {});
  for (const channel of ["R", "G", "B"]) make(`feFunc${channel}`, transfer, { type: "linear" });
  return svg;
}

function apply(root, panel) {
  const { level, width, invert, preset } = chosen;
  const slope = 255 / width;
  const intercept = 0.5 - level / width; // of values from 0 to 1
  for (const line of panel.querySelectorAll("[type=linear]")) {
    line.setAttribute("slope", invert ? -slope : slope);
    line.setAttribute("intercept", invert ? 1 - intercept : intercept);
  }
  const plain = width === 255 && level === 127.5 && !invert;
  for (const image of root.querySelectorAll(".frame img")) {
    if (image.real) image.real(level, width, invert);
    else image.style.filter = plain ? "" : "url(#window)";
  }
  for (const name of ["level", "width"]) {
    panel.querySelector(`input.${name}`).value = chosen[name];
    panel.querySelector(`output.${name}`).textContent = Number(chosen[name].toPrecision(4));
  }
  for (const button of panel.querySelectorAll("button")) {
    if ("preset" in button.dataset) button.ariaPressed = button.dataset.preset === preset;
    if ("invert" in button.dataset) button.ariaPressed = invert;
  }
  keep("window", chosen);
}

// Draws the values of a file over their picture, which stays for who cannot see it, and for as long
// as the values are on their way.
function drawReal(image, [src, first, step, inverted]) {
  let wanted = null;
  image.real = (...window) => { wanted = window; };
  const picture = new Image();
  picture.onload = () => {
    const canvas = document.createElement("canvas");
    canvas.className = "real";
    canvas.width = picture.naturalWidth;
    canvas.height = picture.naturalHeight;
    const context = canvas.getContext("2d", { willReadFrequently: true });
    context.drawImage(picture, 0, 0);
    const pixels = context.getImageData(0, 0, canvas.width, canvas.height);
    const levels = new Uint16Array(pixels.data.length / 4);
    for (let at = 0; at < levels.length; at++) {
      levels[at] = pixels.data[4 * at] * 256 + pixels.data[4 * at + 1];
    }
    const table = new Uint8ClampedArray(65536);
    image.real = (level, width, invert) => {
      const dark = invert !== inverted;
      for (let at = 0; at < table.length; at++) {
        const share = (first + step * at - level) / width + 0.5;
        table[at] = 255 * (dark ? 1 - share : share);
      }
      for (let at = 0; at < levels.length; at++) {
        pixels.data.fill(table[levels[at]], 4 * at, 4 * at + 3);
      }
      context.putImageData(pixels, 0, 0);
    };
    if (wanted) image.real(...wanted);
    image.after(canvas);
  };
  picture.src = src;
}

// Of this tab alone, and only for as long as it is open. A browser may refuse to keep anything.
function keep(name, value) {
  try { sessionStorage.setItem(`xray-${name}`, JSON.stringify(value)); } catch { return; }
}

function recall(name) {
  try { return JSON.parse(sessionStorage.getItem(`xray-${name}`)) ?? {}; } catch { return {}; }
}
