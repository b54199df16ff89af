// A file on its way: dropped where it is wanted, and how much of it has been sent.
(() => {
  const form = () => document.getElementById("start");
  const isStart = (event) => event.detail.elt === form();
  document.addEventListener("htmx:beforeRequest", (event) => {
    if (isStart(event)) form().querySelector("[data-sending]").hidden = false;
  });
  document.addEventListener("htmx:xhr:progress", (event) => {
    const sent = document.getElementById("sent");
    if (isStart(event) && event.detail.lengthComputable) sent.value = event.detail.loaded / event.detail.total;
  });
  document.addEventListener("htmx:sendError", (event) => {
    if (isStart(event)) form().querySelector("[data-sending]").hidden = true;
  });
  // What is wrong with a file is said in the form, which the answer brings.
  document.addEventListener("htmx:beforeSwap", ({ detail }) => {
    if (detail.target?.id !== "start" || detail.xhr.status !== 422) return;
    detail.shouldSwap = true;
    detail.isError = false;
  });
  document.addEventListener("htmx:afterSwap", ({ detail }) => {
    if (detail.target?.id === "start") document.getElementById("problem")?.scrollIntoView({ block: "nearest" });
  });
  const place = (event) => event.target.closest?.("[data-drop]");
  for (const name of ["dragover", "dragleave", "drop"]) {
    document.addEventListener(name, (event) => {
      const over = place(event);
      if (!over) return;
      event.preventDefault();
      over.classList.toggle("is-over", name === "dragover");
      if (name !== "drop" || !event.dataTransfer.files.length) return;
      const input = over.querySelector("input[type=file]");
      input.files = event.dataTransfer.files;
      input.focus();
    });
  }
})();
