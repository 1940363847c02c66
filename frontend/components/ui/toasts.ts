/** What the toaster shows; kept outside React so that any event handler may say something. */
export interface Toast {
  id: number;
  text: string;
  kind: "done" | "problem";
}

const SHOWN_FOR = 6000;

let toasts: readonly Toast[] = [];
let lastId = 0;
const listeners = new Set<() => void>();

function show(next: readonly Toast[]) {
  toasts = next;
  listeners.forEach((listener) => listener());
}

export const dismiss = (id: number) => show(toasts.filter((each) => each.id !== id));

export function toast(text: string, kind: Toast["kind"] = "done"): void {
  const id = ++lastId;
  show([...toasts.slice(-2), { id, text, kind }]);
  setTimeout(() => dismiss(id), SHOWN_FOR);
}

export function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

export const current = () => toasts;
