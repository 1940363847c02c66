/** The shape of a page while its data is on the way. Its status is sent by then, so no page below can be a 404. */
export default function Loading() {
  return (
    <div role="status" aria-label="Loading" className="mx-auto max-w-2xl animate-pulse space-y-4">
      <div className="h-8 w-48 rounded-lg bg-line" />
      <div className="h-4 w-32 rounded bg-line" />
      <div className="h-40 rounded-xl bg-line" />
    </div>
  );
}
