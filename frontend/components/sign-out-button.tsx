"use client";

import { LogOut } from "lucide-react";
import { signOut } from "@/data/session/enter";
import { leave } from "@/data/session/leave";
import { Button } from "./ui/button";
import { toast } from "./ui/toasts";

export function SignOutButton() {
  async function onClick() {
    const problem = await signOut();
    if (problem) toast(problem.text, "problem");
    else leave("/");
  }

  return (
    <Button look="plain" onClick={onClick} className="px-3">
      <LogOut aria-hidden className="size-4" />
      <span className="sr-only sm:not-sr-only">Sign out</span>
    </Button>
  );
}
