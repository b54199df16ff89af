// The few things of a page that HTML and htmx do not do by themselves.
(() => {
  const results = () => document.getElementById("results");
  document.addEventListener("htmx:beforeRequest", () => results()?.setAttribute("aria-busy", "true"));
  document.addEventListener("htmx:afterRequest", () => results()?.setAttribute("aria-busy", "false"));
  // An answer that is an error: show the whole page that says so instead of nothing.
  document.addEventListener("htmx:responseError", (event) => {
    if (event.detail.xhr.status !== 401) location.assign(event.detail.pathInfo.finalRequestPath);
  });
  document.addEventListener("htmx:sendError", () => document.body.classList.add("is-cut-off"));
  document.addEventListener("htmx:afterOnLoad", () => document.body.classList.remove("is-cut-off"));
  // "/" goes to the search box, as everywhere.
  document.addEventListener("keydown", (event) => {
    const isTyping = event.target.closest("input, textarea, select");
    if (event.key !== "/" || isTyping || event.ctrlKey || event.metaKey || event.altKey) return;
    const search = document.querySelector(".search-box input");
    if (!search) return;
    event.preventDefault();
    search.focus();
  });
})();
