// The script of the site's page: the real client, within reach of the journeys.

import { createAuthClient } from "better-auth/client";

window.auth = createAuthClient({ baseURL: location.origin });
