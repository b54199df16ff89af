// The events of a list on the map.
import { Marks } from "./marks.js";
import { fit, openMap, showTown } from "./map.js";

const map = openMap(() => {});
const marks = new Marks(map);

read();
document.addEventListener("htmx:afterSettle", (event) => {
  if (event.detail.target.closest?.("#results, #more")) read();
});

function read() {
  marks.read();
  fit(map, marks.places);
  if (!marks.places.length) showTown(map);
}
