// Light or dark: the browser's wish unless a person chose. Loaded first, so that a dark page never flashes white.
(() => {
  const wish = matchMedia("(prefers-color-scheme: dark)");
  const show = () => {
    const theme = localStorage.getItem("theme") ?? (wish.matches ? "dark" : "light");
    if (document.documentElement.dataset.bsTheme === theme) return;
    document.documentElement.dataset.bsTheme = theme;
    document.dispatchEvent(new CustomEvent("themechange", { detail: theme }));
  };
  show();
  wish.addEventListener("change", show);
  document.addEventListener("click", (event) => {
    if (!event.target.closest("[data-toggle-theme]")) return;
    localStorage.setItem("theme", document.documentElement.dataset.bsTheme === "dark" ? "light" : "dark");
    show();
  });
})();
