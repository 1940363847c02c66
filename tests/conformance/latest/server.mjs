// The latest reference server.

import { betterAuth } from "better-auth";
import { getMigrations } from "better-auth/db/migration";
import { toNodeHandler } from "better-auth/node";
import * as plugins from "better-auth/plugins";
import { Redis } from "ioredis";
import pg from "pg";

import { serve } from "../reference.mjs";

await serve({ betterAuth, getMigrations, toNodeHandler, plugins, pg, Redis, load: (name) => import(name) });
