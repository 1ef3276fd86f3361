// What grid.js and viewer.js draw alike: an image with its masks, heat map and boxes over it.

const SVG = "http://www.w3.org/2000/svg";

function drawImage(frame, { src, mask, heat, outlines, boxes }) {
  const image = add(frame, "img", "");
  image.src = src;
  image.draggable = false;
  if (mask) add(frame, "i", "mask").style.maskImage = `url(${mask})`;
  if (heat) add(frame, "i", "heat").style.backgroundImage = `url(${heat})`;
  if (outlines.length) drawOutlines(frame, outlines);
  for (const [left, top, width, height] of boxes) {
    const box = add(frame, "i", "box");
    Object.assign(box.style, {
      left: `${left * 100}%`,
      top: `${top * 100}%`,
      width: `${width * 100}%`,
      height: `${height * 100}%`,
    });
  }
  return image;
}

// Paths go from 0 to 1000 along either side, whatever the image's proportions.
function drawOutlines(frame, outlines) {
  const drawing = document.createElementNS(SVG, "svg");
  drawing.setAttribute("class", "outlines");
  drawing.setAttribute("viewBox", "0 0 1000 1000");
  drawing.setAttribute("preserveAspectRatio", "none");
  drawing.setAttribute("aria-hidden", "true"); // the alternative text names them
  for (const [, path, look] of outlines) {
    for (const under of look === "dotted" ? [false] : [true, false]) {
      const line = document.createElementNS(SVG, "path");
      line.setAttribute("d", path);
      line.setAttribute("vector-effect", "non-scaling-stroke");
      if (under || look) line.setAttribute("class", under ? "under" : look);
      drawing.appendChild(line);
    }
  }
  frame.appendChild(drawing);
}

// What tells a picture from another, without all of its bytes.
function stampOf(address) {
  return [address.length, address.slice(-64)]; // the check sum of a picture comes last
}
