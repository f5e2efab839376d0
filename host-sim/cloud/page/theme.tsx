/** Light or dark: as the system has it, or as the user says; on paper always light. */
import { signal } from "@preact/signals";

const choices = ["auto", "light", "dark"] as const;
type Theme = (typeof choices)[number];
const stored = "enos-theme";

const choice = signal<Theme>(read());

/** Counts up whenever the colours have changed: what is painted on a canvas reads it, and is painted anew. */
export const painted = signal(0);

function read(): Theme {
  try {
    const value = localStorage.getItem(stored);
    return choices.find((each) => each === value) ?? "auto";
  } catch {
    // A page from a file, or a browser that keeps nothing.
    return "auto";
  }
}

function apply(theme: Theme): void {
  if (theme === "auto") document.documentElement.removeAttribute("data-theme");
  else document.documentElement.dataset.theme = theme;
  painted.value += 1;
}

/** Follows the system and the printer from now on; a page calls it once, before it draws. */
export function beginTheme(): void {
  apply(choice.value);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => (painted.value += 1));
  addEventListener("beforeprint", () => apply("light"));
  addEventListener("afterprint", () => apply(choice.value));
}

/** The button that changes it. */
export function ThemeButton() {
  const next = choices[(choices.indexOf(choice.value) + 1) % choices.length];
  const press = (): void => {
    choice.value = next;
    try {
      localStorage.setItem(stored, next);
    } catch {
      // It holds for this page, then.
    }
    apply(next);
  };
  const marks: Record<Theme, string> = { auto: "◐", light: "○", dark: "●" };
  return (
    <button
      type="button"
      class="quiet"
      onClick={press}
      aria-label={`Theme: ${choice.value}; change to ${next}`}
    >
      <span aria-hidden="true">{marks[choice.value]}</span>
    </button>
  );
}

/** The value of a custom property of the style sheet, such as `--blue`. */
export function colour(name: string): string {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}
