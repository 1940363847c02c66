/** One of somebody's ways to sign in. */
export interface Account {
  id: string;
  providerId: string;
  accountId: string;
  createdAt: string;
}

export const PASSWORD = "credential";
