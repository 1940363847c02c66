"use client";

import { useState } from "react";
import { signInWith } from "@/data/session/enter";
import type { Provider } from "@/data/offers/read";
import type { Problem } from "@/lib/problems";
import { Button } from "./ui/button";
import { Notice } from "./ui/notice";

/** A button for each provider that the server offers. */
export function SocialButtons({ providers, next }: { providers: Provider[]; next: string }) {
  const [problem, setProblem] = useState<Problem | null>(null);
  if (providers.length === 0) return null;
  return (
    <div className="mt-6 space-y-3">
      <p className="flex items-center gap-3 text-sm text-muted before:h-px before:grow before:bg-line after:h-px after:grow after:bg-line">
        or
      </p>
      {problem && (
        <Notice kind="problem" announced>
          {problem.text}
        </Notice>
      )}
      {providers.map(({ id, name }) => (
        <Button key={id} look="quiet" className="w-full" onClick={async () => setProblem(await signInWith(id, next))}>
          Continue with {name}
        </Button>
      ))}
    </div>
  );
}
