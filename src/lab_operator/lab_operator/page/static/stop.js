// The stop works without the rest of the page: no login, no framework, one request.
(() => {
  const button = document.getElementById("stop");
  const said = document.getElementById("stop-said");
  const LATE = 1500; // ms without an answer until the operator is told to use the emergency stop
  let clears;

  async function stop() {
    button.classList.add("pressed");
    let heard = false;
    try {
      const answer = await fetch("/stop", { method: "POST", keepalive: true, signal: AbortSignal.timeout(LATE) });
      heard = answer.ok && (await answer.json()).heard;
    } catch {
      heard = false;
    }
    button.classList.remove("pressed");
    said.textContent = heard ? button.dataset.heard : button.dataset.unheard;
    said.className = heard ? "heard" : "unheard";
    clearTimeout(clears);
    if (heard) clears = setTimeout(() => { said.className = ""; }, 3000);
  }

  // where text is typed, letters and the space bar are text; everywhere else they stop, and press nothing
  const types = (target) => target.matches?.("input:not([type=checkbox]), textarea, [contenteditable=true]");
  const asks = (event) => [" ", "s", "S"].includes(event.key) && !event.ctrlKey && !event.metaKey && !event.altKey;

  function listen(page) {
    page.addEventListener("keydown", (event) => {
      if (!asks(event) || types(event.target)) return;
      event.preventDefault();
      event.stopImmediatePropagation();
      if (!event.repeat) stop();
    }, true);
    page.addEventListener("keyup", (event) => {
      if (!asks(event) || types(event.target)) return;
      event.preventDefault();
      event.stopImmediatePropagation();
    }, true);
  }

  button.addEventListener("pointerdown", (event) => { if (event.button === 0) stop(); });
  button.addEventListener("keydown", (event) => { if (event.key === "Enter" && !event.repeat) stop(); });
  listen(window);
  // the model is a page of its own in a frame: keys that are pressed there stop too
  addEventListener("load", (event) => {
    if (event.target.tagName === "IFRAME") listen(event.target.contentWindow);
  }, true);
})();
