// The vehicles' marks, drawn on a canvas in the theme's colours. The shape tells the state as well as the
// colour does: a drop moves where it points, a disc with a square stands, a diamond is late, a ring is offline.

const RATIO = 3;
// No larger than each mark needs: numbers keep clear of these squares.
const SIZES = { moving: 40, standing: 26, late: 32, offline: 24 };

/** Add every mark to the map; needed again after each change of style. */
export function addIcons(map, colours) {
  for (const [name, draw] of Object.entries(MARKS)) {
    const canvas = document.createElement("canvas");
    canvas.width = canvas.height = SIZES[name] * RATIO;
    const pen = canvas.getContext("2d");
    pen.scale(RATIO, RATIO);
    pen.translate(SIZES[name] / 2, SIZES[name] / 2);
    draw(pen, colours);
    map.addImage(name, pen.getImageData(0, 0, canvas.width, canvas.height), { pixelRatio: RATIO });
  }
}

/** The mark for a vehicle in a state, and how far to turn it. */
export function chooseIcon(vehicle, state) {
  if (state === "late") return { icon: "late", turn: 0 };
  if (state !== "online") return { icon: "offline", turn: 0 };
  if (!vehicle.isMoving || vehicle.course === null) return { icon: "standing", turn: 0 };
  return { icon: "moving", turn: vehicle.course };
}

const MARKS = {
  moving(pen, colours) {
    pen.save();
    shade(pen);
    drop(pen, 10.5, 18.5);
    pen.fillStyle = colours.mark;
    pen.fill();
    pen.restore();
    drop(pen, 8.7, 15.2);
    pen.fillStyle = colours.online;
    pen.fill();
    pen.fillStyle = colours.mark;
    pen.beginPath();
    pen.moveTo(0, -5.6);
    pen.lineTo(4.2, 4.6);
    pen.lineTo(0, 2.4);
    pen.lineTo(-4.2, 4.6);
    pen.closePath();
    pen.fill();
  },
  standing(pen, colours) {
    disc(pen, 9, colours.online, colours.mark);
    pen.fillStyle = colours.mark;
    pen.beginPath();
    pen.roundRect(-3, -3, 6, 6, 1.2);
    pen.fill();
  },
  late(pen, colours) {
    pen.save();
    pen.rotate(Math.PI / 4);
    shade(pen);
    pen.fillStyle = colours.mark;
    pen.beginPath();
    pen.roundRect(-8.6, -8.6, 17.2, 17.2, 3);
    pen.fill();
    pen.restore();
    pen.save();
    pen.rotate(Math.PI / 4);
    pen.fillStyle = colours.late;
    pen.beginPath();
    pen.roundRect(-6.8, -6.8, 13.6, 13.6, 1.8);
    pen.fill();
    pen.restore();
    pen.fillStyle = colours.mark;
    pen.fillRect(-1.1, -5, 2.2, 6);
    pen.fillRect(-1.1, 2.6, 2.2, 2.4);
  },
  offline(pen, colours) {
    pen.beginPath();
    pen.arc(0, 0, 7, 0, 2 * Math.PI);
    pen.fillStyle = colours.hollow;
    pen.fill();
    pen.lineWidth = 3;
    pen.strokeStyle = colours.offline;
    pen.stroke();
  },
};

// A disc drawn out to a tip ahead: the two straight sides touch it where they meet its edge.
function drop(pen, radius, tip) {
  const half = Math.acos(radius / tip);
  pen.beginPath();
  pen.moveTo(0, -tip);
  pen.arc(0, 0, radius, -Math.PI / 2 + half, -Math.PI / 2 - half + 2 * Math.PI);
  pen.closePath();
}

function disc(pen, radius, fill, edge) {
  pen.save();
  shade(pen);
  pen.beginPath();
  pen.arc(0, 0, radius, 0, 2 * Math.PI);
  pen.fillStyle = edge;
  pen.fill();
  pen.restore();
  pen.beginPath();
  pen.arc(0, 0, radius - 1.8, 0, 2 * Math.PI);
  pen.fillStyle = fill;
  pen.fill();
}

function shade(pen) {
  pen.shadowColor = "rgba(0, 0, 0, 0.35)";
  pen.shadowBlur = 3 * RATIO;
  pen.shadowOffsetY = 1 * RATIO;
}
