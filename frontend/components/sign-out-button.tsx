"use client";

import { signOut } from "@/data/session/enter";
import { Button } from "./ui/button";
import { Icon } from "./ui/icon";
import { toast } from "./ui/toasts";

export function SignOutButton() {
  async function onClick() {
    const problem = await signOut();
    if (problem) toast(problem.text, "problem");
  }

  return (
    <Button look="plain" onClick={onClick} className="px-3">
      <Icon name="leave" className="size-5" />
      <span className="sr-only sm:not-sr-only">Sign out</span>
    </Button>
  );
}
