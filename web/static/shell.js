// The few things of a page that HTML and htmx do not do by themselves.
(() => {
  const results = () => document.getElementById("results");
  const isBell = (event) => event.detail.elt.id === "bells";
  // What the page asks by itself, without anybody's doing: a failure of that takes nobody from what they do.
  const isByItself = ({ detail }) => detail.elt === document.body || ["bells", "alert"].includes(detail.elt.id);
  const busy = (is) => (event) => isByItself(event) || results()?.setAttribute("aria-busy", is);
  document.addEventListener("htmx:beforeRequest", busy("true"));
  document.addEventListener("htmx:afterRequest", busy("false"));
  // An answer that is an error: show the whole page that says so instead of nothing.
  document.addEventListener("htmx:responseError", (event) => {
    if (!isByItself(event) && event.detail.xhr.status !== 401) location.assign(event.detail.pathInfo.finalRequestPath);
  });
  document.addEventListener("htmx:sendError", () => document.body.classList.add("is-cut-off"));
  document.addEventListener("htmx:afterOnLoad", () => document.body.classList.remove("is-cut-off"));
  // The bell: this tab has been told of every alert up to the newest that it has heard of.
  document.addEventListener("htmx:configRequest", (event) => {
    if (isBell(event)) event.detail.parameters.after = sessionStorage.getItem("newest-alert") ?? "";
  });
  document.addEventListener("htmx:afterRequest", (event) => {
    const newest = isBell(event) && document.getElementById("bell-side")?.dataset.newest;
    if (newest) sessionStorage.setItem("newest-alert", newest);
    const toasts = document.getElementById("toasts");
    while (toasts?.children.length > 3) toasts.firstElementChild.remove();
  });
  document.addEventListener("click", (event) => event.target.closest("[data-close-toast]")?.parentElement.remove());
  // "/" goes to the search box, as everywhere.
  document.addEventListener("keydown", (event) => {
    const isTyping = event.target.closest("input, textarea, select");
    if (event.key !== "/" || isTyping || event.ctrlKey || event.metaKey || event.altKey) return;
    const search = document.querySelector(".search-box input");
    if (!search) return;
    event.preventDefault();
    search.focus();
  });
  // Ticking rows: how many, all that are shown, a range with Shift; Enter goes on to what is to become of them.
  let lastPick = null;
  const picks = (form) => [...form.querySelectorAll('[name="picked"]')];
  function countPicks(form) {
    const chosen = picks(form).filter((box) => box.checked).length;
    const told = form.querySelector("[data-picked]");
    told.textContent = told.dataset.one.replace("{}", chosen);
    const head = form.querySelector("[data-pick-all]");
    head.checked = chosen > 0 && chosen === picks(form).length;
    head.indeterminate = chosen > 0 && !head.checked;
  }
  document.addEventListener("click", (event) => {
    const form = event.target.closest("#bulk");
    if (!form || event.target.name !== "picked") return;
    const boxes = picks(form);
    const [from, to] = [boxes.indexOf(lastPick), boxes.indexOf(event.target)].sort((a, b) => a - b);
    if (event.shiftKey && from >= 0) {
      for (const box of boxes.slice(from, to + 1)) box.checked = event.target.checked;
    }
    lastPick = event.target;
    countPicks(form);
  });
  document.addEventListener("change", (event) => {
    const form = event.target.closest("#bulk");
    if (!form) return;
    if (event.target.matches("[data-pick-all]")) {
      for (const box of picks(form)) box.checked = event.target.checked;
    }
    countPicks(form);
  });
  document.addEventListener("reset", (event) => {
    if (event.target.id === "bulk") setTimeout(() => countPicks(event.target));
  });
  document.addEventListener("keydown", (event) => {
    const form = event.target.closest("#bulk");
    if (!form || event.key !== "Enter" || event.target.type !== "checkbox") return;
    event.preventDefault();
    form.querySelector('[name="change"]').focus();
  });

  // A file that is too large is said to be so before it is sent, by the browser or by htmx.
  document.addEventListener("submit", (event) => {
    const form = event.target;
    const most = Number(form.dataset.mostBytes);
    const input = most && [...form.querySelectorAll("input[type=file]")].find((one) => one.files[0]?.size > most);
    if (!input) return;
    event.preventDefault();
    event.stopPropagation();
    let said = document.getElementById(`${input.id}-error`);
    if (!said) {
      said = Object.assign(document.createElement("p"), { id: `${input.id}-error`, className: "field-error" });
      input.after(said);
      input.setAttribute("aria-describedby", `${said.id} ${input.getAttribute("aria-describedby") ?? ""}`);
    }
    said.textContent = form.dataset.tooLarge;
    input.classList.add("is-invalid");
    input.setAttribute("aria-invalid", "true");
    input.focus();
  }, true);
})();
