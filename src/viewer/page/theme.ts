/** The page's colors: as the system has them, or as the user has chosen. */
export type Theme = "auto" | "dark" | "light";

const KEY = "whence-theme";
const ORDER: readonly Theme[] = ["auto", "dark", "light"];

/** The theme that was chosen last on this browser. */
export function themeOf(): Theme {
  try {
    const stored = localStorage.getItem(KEY) as Theme;
    return ORDER.includes(stored) ? stored : "auto";
  } catch {
    // Storage may be blocked.
    return "auto";
  }
}

/** Applies a theme. */
export function applyTheme(theme: Theme): void {
  if (theme === "auto") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = theme;
}

/** Switches to the next theme, and remembers it. */
export function nextTheme(theme: Theme): Theme {
  const next = ORDER[(ORDER.indexOf(theme) + 1) % ORDER.length];
  applyTheme(next);
  try {
    localStorage.setItem(KEY, next);
  } catch {
    // Storage may be blocked; the choice lasts until the page is closed.
  }
  return next;
}
