// Brings the page up to date without loading it anew, so that nothing is lost that is being typed. The page does without it.
(() => {
  const update = async () => {
    if (document.hidden) return;
    const answer = await fetch("status", { cache: "no-store" });
    if (answer.status === 401) return location.reload();
    if (!answer.ok) return;
    const fresh = new DOMParser().parseFromString(await answer.text(), "text/html").querySelector("main");
    const old = document.querySelector("main");
    if (fresh.dataset.asks !== old.dataset.asks) {
      old.replaceWith(fresh);
      document.querySelector("#said")?.remove();
      fresh.querySelector("[autofocus]")?.focus();
      return;
    }
    for (const part of fresh.querySelectorAll("[data-live]")) {
      const there = old.querySelector(`[data-live="${part.dataset.live}"]`);
      if (there && there.innerHTML !== part.innerHTML) there.replaceWith(part);
    }
  };
  const lost = document.querySelector("#lost");
  const again = () =>
    update().then(() => { lost.hidden = true }, () => { lost.hidden = false }).finally(() => setTimeout(again, 1500));
  setTimeout(again, 1500);
})();
