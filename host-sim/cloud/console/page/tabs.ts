/** Tabs by the ARIA practices: arrows go from one to the next, and what is not shown is not there. */
import { byId, make } from "./elements";

/** Makes them, the first one chosen. */
export function makeTabs(names: readonly string[]): Map<string, HTMLElement> {
  const panels = new Map<string, HTMLElement>();
  const buttons: HTMLButtonElement[] = [];
  const choose = (index: number, focus: boolean): void => {
    buttons.forEach((button, i) => {
      button.setAttribute("aria-selected", String(i === index));
      button.tabIndex = i === index ? 0 : -1;
      panels.get(names[i])!.hidden = i !== index;
    });
    if (focus) buttons[index].focus();
    // Plots that were hidden have no width yet.
    dispatchEvent(new Event("resize"));
  };
  names.forEach((name, index) => {
    const id = `tab-${index}`;
    const button = make(
      "button",
      { role: "tab", id, type: "button", "aria-controls": `panel-${index}` },
      name,
    );
    button.addEventListener("click", () => choose(index, false));
    button.addEventListener("keydown", ({ key }) => {
      const step = key === "ArrowRight" ? 1 : key === "ArrowLeft" ? -1 : 0;
      if (step !== 0) choose((index + step + names.length) % names.length, true);
    });
    buttons.push(button);
    panels.set(name, make("div", { role: "tabpanel", id: `panel-${index}`, "aria-labelledby": id }));
  });
  byId("tabs").append(...buttons);
  byId("panels").append(...panels.values());
  choose(0, false);
  return panels;
}
