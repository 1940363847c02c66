/** The name of the application and its mark. */
export function Brand() {
  return (
    <span className="inline-flex items-center gap-2 font-semibold">
      <svg aria-hidden viewBox="0 0 32 32" className="size-7">
        <rect width="32" height="32" rx="8" className="fill-accent" />
        <path
          d="M9 16.5l5 5L23.5 11"
          fill="none"
          className="stroke-on-accent"
          strokeWidth="3.5"
          strokeLinecap="round"
          strokeLinejoin="round"
        />
      </svg>
      Tasks
    </span>
  );
}
