// The order of columns: the buttons move a line where it stands, without asking the site for the page again.
const list = document.getElementById("columns");

list.addEventListener("click", (event) => {
  const button = event.target.closest("button");
  if (!button) return;
  event.preventDefault();
  const line = button.closest("li");
  if (button.name === "up") line.previousElementSibling?.before(line);
  else line.nextElementSibling?.after(line);
  // At an end its own button is hidden, and the other one takes the focus.
  const other = line.querySelector(button.name === "up" ? '[name="down"]' : '[name="up"]');
  (getComputedStyle(button).visibility === "hidden" ? other : button).focus();
});
