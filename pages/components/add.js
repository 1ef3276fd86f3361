// Text only ever enters the page through textContent and attributes, so that a file name or a
// finding cannot become markup.

function add(parent, kind, className, text = "") {
  const element = document.createElement(kind);
  element.className = className;
  element.textContent = text;
  parent.appendChild(element);
  return element;
}
