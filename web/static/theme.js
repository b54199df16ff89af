// What the server cannot know of a browser: light or dark, where no person chose, and the time zone.
// Loaded first, so that a dark page never flashes white.
(() => {
  const wish = matchMedia("(prefers-color-scheme: dark)");
  const show = () => {
    const theme = localStorage.getItem("theme") ?? (wish.matches ? "dark" : "light");
    if (document.documentElement.dataset.bsTheme === theme) return;
    document.documentElement.dataset.bsTheme = theme;
    document.dispatchEvent(new CustomEvent("themechange", { detail: theme }));
  };
  show();
  // The server writes times in the browser's time zone, for whoever has not chosen another.
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  document.cookie = `time_zone=${zone}; path=/; max-age=31536000; samesite=lax`;
  wish.addEventListener("change", show);
  document.addEventListener("click", (event) => {
    if (!event.target.closest("[data-toggle-theme]")) return;
    localStorage.setItem("theme", document.documentElement.dataset.bsTheme === "dark" ? "light" : "dark");
    show();
  });
})();
