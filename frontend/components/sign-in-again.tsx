import Link from "next/link";
import { signInPath } from "@/lib/return-path";
import { buttonLook } from "./ui/button";
import { Notice } from "./ui/notice";

/** Shown where the server wants to be sure that it is still you. */
export function SignInAgain({ path }: { path: string }) {
  return (
    <div className="space-y-4">
      <Notice>It has been a while since you signed in. Sign in again to see this.</Notice>
      <Link href={signInPath(path, { again: "" })} className={buttonLook()}>
        Sign in again
      </Link>
    </div>
  );
}
