"use client";

import { useState } from "react";
import { Icon } from "@/components/ui/icon";
import { Field } from "./field";

interface Props {
  label?: string;
  /** The one being chosen, or the one that is known already. */
  chosen?: boolean;
}

const RULES = "8 characters or more, with an upper-case and a lower-case letter, a digit and a special character.";

export function PasswordField({ chosen = false, label = "Password" }: Props) {
  const [shown, setShown] = useState(false);
  return (
    <Field
      name={chosen ? "newPassword" : "password"}
      label={label}
      type={shown ? "text" : "password"}
      autoComplete={chosen ? "new-password" : "current-password"}
      hint={chosen ? RULES : undefined}
      minLength={chosen ? 8 : undefined}
      maxLength={128}
      required
      inside={
        <button
          type="button"
          aria-pressed={shown}
          aria-label={`Show ${label.toLowerCase()}`}
          onClick={() => setShown(!shown)}
          className="flex w-11 items-center justify-center rounded-r-lg text-muted hover:text-ink"
        >
          <Icon name={shown ? "eyeOff" : "eye"} className="size-5" />
        </button>
      }
    />
  );
}
