"use client";

import { useSyncExternalStore } from "react";
import { Icon } from "./icon";
import { current, dismiss, subscribe, type Toast } from "./toasts";

const none: readonly Toast[] = [];

/** The region is always there: screen readers announce only what changes in a region they know. */
export function Toaster() {
  const toasts = useSyncExternalStore(subscribe, current, () => none);
  return (
    <div
      role="status"
      aria-label="Notifications"
      className="pointer-events-none fixed inset-x-4 bottom-4 z-10 flex flex-col items-center gap-2 sm:items-end"
    >
      {toasts.map((toast) => (
        <div
          key={toast.id}
          className="pointer-events-auto flex w-full max-w-sm items-start gap-3 rounded-lg border border-line bg-surface p-3 text-sm shadow-lg"
        >
          {toast.kind === "done" ? (
            <Icon name="check" className="size-5 shrink-0 text-accent" />
          ) : (
            <Icon name="alert" className="size-5 shrink-0 text-danger" />
          )}
          <span className="grow">{toast.text}</span>
          <button type="button" aria-label="Dismiss" onClick={() => dismiss(toast.id)}>
            <Icon name="close" className="size-5 text-muted" />
          </button>
        </div>
      ))}
    </div>
  );
}
