// The reference server at the version of the npm client that the tests use.

import { betterAuth } from "better-auth";
import { getMigrations } from "better-auth/db/migration";
import { toNodeHandler } from "better-auth/node";
import * as plugins from "better-auth/plugins";
import { Redis } from "ioredis";
import pg from "pg";

import { serve } from "./reference.mjs";

await serve({ betterAuth, getMigrations, toNodeHandler, plugins, pg, Redis });
