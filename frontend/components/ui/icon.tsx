/** The few pictures of this application, drawn on a grid of 24. */
const SHAPES = {
  alert: "M12 3a9 9 0 100 18 9 9 0 000-18zM12 8v5M12 16.2v.1",
  check: "M12 3a9 9 0 100 18 9 9 0 000-18zM8 12.3l2.8 2.8L16 9.8",
  close: "M6 6l12 12M18 6L6 18",
  computer: "M3 5h18v11H3zM9 20h6M12 16v4",
  eye: "M2.5 12S6 5.5 12 5.5 21.5 12 21.5 12 18 18.5 12 18.5 2.5 12 2.5 12zM12 9.2a2.8 2.8 0 100 5.6 2.8 2.8 0 000-5.6z",
  eyeOff: "M2.5 12S6 5.5 12 5.5 21.5 12 21.5 12 18 18.5 12 18.5 2.5 12 2.5 12zM4 20L20 4",
  leave: "M10 4H5v16h5M14 8l4 4-4 4M18 12H9",
  list: "M4 6.5l1.5 1.5L8 5M4 13l1.5 1.5L8 11.5M4 19.5L5.5 21 8 18M12 7h8M12 13.5h8M12 20h8",
  phone: "M7 2.5h10v19H7zM11 18.5h2",
  remove: "M4 6.5h16M9 6.5v-3h6v3M6 6.5l1 14h10l1-14M10 10.5v6M14 10.5v6",
};

interface Props {
  name: keyof typeof SHAPES;
  className?: string;
}

/** A picture beside a text that says the same; screen readers pass it over. */
export function Icon({ name, className = "size-4" }: Props) {
  return (
    <svg
      aria-hidden
      viewBox="0 0 24 24"
      className={className}
      fill="none"
      stroke="currentColor"
      strokeWidth="1.75"
      strokeLinecap="round"
      strokeLinejoin="round"
    >
      <path d={SHAPES[name]} />
    </svg>
  );
}
