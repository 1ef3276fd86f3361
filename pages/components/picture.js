// What grid.js and viewer.js draw alike: an image with its mask and boxes over it.

function drawImage(frame, { src, mask, boxes }) {
  const image = add(frame, "img", "");
  image.src = src;
  image.draggable = false;
  if (mask) add(frame, "i", "mask").style.maskImage = `url(${mask})`;
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
