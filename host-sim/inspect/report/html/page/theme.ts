/** Light or dark: as the system has it, or as the user says; on paper always light. */
import { byId } from "./element";

const choices = ["auto", "light", "dark"] as const;

/** @param onChange the plots are painted, and have to be painted anew */
export function offerThemes(onChange: () => void): void {
  const button = byId<HTMLButtonElement>("theme");
  let choice = 0;
  const apply = (name: (typeof choices)[number]): void => {
    if (name === "auto") document.documentElement.removeAttribute("data-theme");
    else document.documentElement.dataset.theme = name;
    onChange();
  };
  button.addEventListener("click", () => {
    choice = (choice + 1) % choices.length;
    button.textContent = `Theme: ${choices[choice]}`;
    apply(choices[choice]);
  });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", onChange);
  addEventListener("beforeprint", () => apply("light"));
  addEventListener("afterprint", () => apply(choices[choice]));
}

/** The value of a custom property of the style sheet, such as `--tx`. */
export function colour(name: string): string {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}
