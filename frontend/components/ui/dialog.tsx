import { useId, type ReactNode, type Ref } from "react";

interface Props {
  ref: Ref<HTMLDialogElement>;
  title: string;
  text: string;
  children: ReactNode;
}

/** A question in front of the page. The browser's own element keeps the focus inside and closes on Escape. */
export function Dialog({ ref, title, text, children }: Props) {
  const id = useId();
  return (
    <dialog
      ref={ref}
      aria-labelledby={`${id}-title`}
      aria-describedby={`${id}-text`}
      className="m-auto w-full max-w-md rounded-2xl border border-line bg-surface p-6 text-ink shadow-xl backdrop:bg-black/50"
    >
      <h2 id={`${id}-title`} className="text-lg font-semibold">
        {title}
      </h2>
      <p id={`${id}-text`} className="mt-2 text-sm text-muted">
        {text}
      </p>
      <div className="mt-6 flex flex-wrap justify-end gap-3">{children}</div>
    </dialog>
  );
}
