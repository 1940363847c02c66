"use client";

import { useState } from "react";
import { chooseTheme } from "@/data/theme/choose";
import { THEMES, type Theme } from "@/data/theme/theme";

const NAMES: Record<Theme, string> = { system: "System", light: "Light", dark: "Dark" };

const look =
  "relative cursor-pointer rounded-lg px-3 py-2 hover:text-ink has-checked:bg-tint has-checked:font-medium " +
  "has-checked:text-accent has-focus-visible:outline-2 has-focus-visible:outline-offset-2 has-focus-visible:outline-accent";

export function ThemeSwitch({ initial }: { initial: Theme }) {
  const [chosen, setChosen] = useState(initial);

  function choose(theme: Theme) {
    setChosen(theme);
    chooseTheme(theme);
  }

  return (
    <fieldset className="flex justify-center gap-1 p-4 text-sm text-muted">
      <legend className="sr-only">Theme</legend>
      {THEMES.map((theme) => (
        <label key={theme} className={look}>
          <input type="radio" name="theme" checked={theme === chosen} onChange={() => choose(theme)} className="sr-only" />
          {NAMES[theme]}
        </label>
      ))}
    </fieldset>
  );
}
