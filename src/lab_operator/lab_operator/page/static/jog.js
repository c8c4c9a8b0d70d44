// Moving by hand: a button is held down, and says so ten times a second. What is let go, hidden, left or broken ends.
(() => {
  const HOLD = 100; // ms
  let socket, held, timer;

  const send = (message) => { if (socket?.readyState === WebSocket.OPEN) socket.send(JSON.stringify(message)); };

  function release() {
    if (!held) return;
    clearInterval(timer);
    held.classList.remove("pressed");
    held = undefined;
    send({ release: true });
  }

  function press(button) {
    release();
    held = button;
    button.classList.add("pressed");
    const size = document.querySelector(".jog input[name=jog-size]:checked").value;
    const begin = () => { if (held === button) send({ press: button.dataset.way, size }); };
    if (socket?.readyState === WebSocket.OPEN) begin();
    else {
      const server = `${location.protocol === "https:" ? "wss" : "ws"}://${location.host}`;
      socket = new WebSocket(`${server}/jog?language=${button.parentElement.dataset.language}`);
      socket.onopen = begin;
      socket.onclose = release;
      socket.onmessage = (event) => { document.querySelector(".jog .said").textContent = JSON.parse(event.data).said; };
    }
    timer = setInterval(() => send({ hold: true }), HOLD);
  }

  const way = (event) => event.target.closest?.(".jog [data-way]");
  addEventListener("pointerdown", (event) => { if (event.button === 0 && way(event)) press(way(event)); });
  addEventListener("keydown", (event) => { if (event.key === "Enter" && !event.repeat && way(event)) press(way(event)); });
  for (const name of ["pointerup", "pointercancel", "keyup", "blur", "pagehide"]) addEventListener(name, release, true);
  addEventListener("pointerout", (event) => { if (held && event.target === held) release(); });
  document.addEventListener("visibilitychange", () => { if (document.hidden) release(); });
})();
