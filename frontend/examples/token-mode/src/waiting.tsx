import { useAuth } from "ostiary-react";

/** While it is not known who is signed in: usually for a moment, and for as long as the server cannot be reached. */
export function Waiting() {
  const { error, refreshToken } = useAuth();
  return (
    <main className="card" aria-busy={!error}>
      {error ? (
        <>
          <h1>Not connected</h1>
          <p role="alert">{error.message}. Trying again …</p>
          <button onClick={() => void refreshToken()}>Try now</button>
        </>
      ) : (
        <p className="quiet">One moment …</p>
      )}
    </main>
  );
}
