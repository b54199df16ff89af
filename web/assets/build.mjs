// Lays the front end's libraries, fonts and world map under web/static/vendor, so that no page needs the internet.
import { cpSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";
import { PurgeCSS } from "purgecss";
import { feature, mesh } from "topojson-client";

const root = join(dirname(fileURLToPath(import.meta.url)), "..", "..");
const modules = join(root, "node_modules");
const vendor = join(root, "web", "static", "vendor");

rmSync(vendor, { recursive: true, force: true });
mkdirSync(join(vendor, "fonts"), { recursive: true });

// A file that names a source map the page does not have makes the browser's tools complain.
function copy(from, to) {
  const text = readFileSync(join(modules, from), "utf8");
  writeFileSync(join(vendor, to), text.replace(/\n(\/\/|\/\*)# sourceMappingURL=.*$/m, ""));
}
copy("maplibre-gl/dist/maplibre-gl.mjs", "maplibre-gl.mjs");
copy("maplibre-gl/dist/maplibre-gl-worker.mjs", "maplibre-gl-worker.mjs");
copy("maplibre-gl/dist/maplibre-gl.css", "maplibre-gl.css");
copy("socket.io-client/dist/socket.io.esm.min.js", "socket.io.mjs");
copy("htmx.org/dist/htmx.min.js", "htmx.js");
copy("uplot/dist/uPlot.esm.js", "uplot.mjs");
copy("uplot/dist/uPlot.min.css", "uplot.css");
cpSync(join(modules, "maplibre-gl/LICENSE.txt"), join(vendor, "maplibre-gl.LICENSE"));
cpSync(join(modules, "uplot/LICENSE"), join(vendor, "uplot.LICENSE"));

const fonts = join(modules, "@fontsource-variable/inter");
for (const name of readdirSync(join(fonts, "files")).filter((name) => name.endsWith("-wght-normal.woff2"))) {
  cpSync(join(fonts, "files", name), join(vendor, "fonts", name));
}
// The map draws its labels from the page's fonts and reads their weight off the family's name.
const faces = readFileSync(join(fonts, "index.css"), "utf8").replaceAll("./files/", "./fonts/");
const families = ["Inter Variable", "Inter Medium", "Inter Semibold"];
writeFileSync(
  join(vendor, "inter.css"),
  families.map((family) => faces.replaceAll("'Inter Variable'", `'${family}'`)).join(""),
);
cpSync(join(fonts, "LICENSE"), join(vendor, "fonts", "LICENSE"));

// Three decimals are 100 m, as fine as this atlas is; a quarter of the size of what topojson computes.
const world = JSON.parse(readFileSync(join(modules, "world-atlas/countries-50m.json"), "utf8"));
const round = (_, value) => (typeof value === "number" ? Math.round(value * 1000) / 1000 : value);
function write(name, geometry) {
  writeFileSync(join(vendor, name), JSON.stringify({ type: "Feature", properties: {}, geometry }, round));
}
write("land.geojson", feature(world, world.objects.land).features[0].geometry);
write("borders.geojson", mesh(world, world.objects.countries, (a, b) => a !== b));

// Of Tabler's 635 kB the pages use a twentieth: what no template or script names is left out.
const [styles] = await new PurgeCSS().purge({
  content: ["web/templates/**/*.html", "web/static/*.js", "web/static/{live,alerts,geofences,imports,trips}/*.js", "web/**/*.py"].map((path) => join(root, path)),
  css: [join(modules, "@tabler/core/dist/css/tabler.min.css")],
  variables: true,
  keyframes: true,
});
writeFileSync(join(vendor, "tabler.css"), styles.css);

// Compressed once, here, and not at each request.
for (const name of readdirSync(vendor).filter((name) => /\.(css|js|mjs|geojson)$/.test(name))) {
  const text = readFileSync(join(vendor, name));
  writeFileSync(join(vendor, `${name}.gz`), gzipSync(text, { level: 9 }));
  writeFileSync(join(vendor, `${name}.br`), brotliCompressSync(text, { params: { [constants.BROTLI_PARAM_SIZE_HINT]: text.length } }));
}
writeFileSync(join(vendor, "built"), "");
