import { NoSuchPage } from "@/components/no-such-page";

/** Within the page of somebody who is signed in, which has its header and its main part already. */
export default NoSuchPage;
