// The map's colours by day and by night: a calm ground, so that only vehicles call for attention.

export const PALETTES = {
  light: {
    land: "#f4f2ec", water: "#bfdcec", waterEdge: "#a9cde2", waterLabel: "#4f86a6", border: "#c9c3b6",
    park: "#d7e8cd", parkLabel: "#55804a", school: "#f3e6d3", schoolEdge: "#dcc3a0", schoolLabel: "#9a6a2d",
    depot: "#e3e1ec", depotEdge: "#bdb9d2", depotLabel: "#655f8a",
    casing: "#dcd7cb", street: "#ffffff", mainCasing: "#e2cd9f", main: "#fdf0d0",
    streetLabel: "#6f6a60", road: "#c7bfb0", stop: "#8f8a80", stopLabel: "#77726a",
    hoodLabel: "#6d675c", placeLabel: "#413d36", halo: "#fbfaf7",
    online: "#0b7a5b", late: "#d97706", offline: "#7c8794", mark: "#ffffff", hollow: "#fbfaf7",
    label: "#1c2430", staleLabel: "#6b7480", select: "#1d5fd1", alarm: "#c92a2a",
  },
  dark: {
    land: "#161b22", water: "#15334a", waterEdge: "#1f4562", waterLabel: "#6fa3c4", border: "#39414d",
    park: "#1d3127", parkLabel: "#74a583", school: "#332d24", schoolEdge: "#574b37", schoolLabel: "#b39763",
    depot: "#292938", depotEdge: "#4a4966", depotLabel: "#9a95bf",
    casing: "#10151b", street: "#323c49", mainCasing: "#10151b", main: "#4a5666",
    streetLabel: "#8b95a3", road: "#3a434f", stop: "#6a7480", stopLabel: "#7d8794",
    hoodLabel: "#9aa5b3", placeLabel: "#c9d1db", halo: "#161b22",
    online: "#2fc08f", late: "#f2a33a", offline: "#8a95a3", mark: "#0d1a16", hollow: "#1b212a",
    label: "#eef2f6", staleLabel: "#98a2ae", select: "#6ea8ff", alarm: "#ff7b72",
  },
};
