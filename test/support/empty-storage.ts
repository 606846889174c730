// One workerd runs many files, and each finds the storage as a new one has it.
import { beforeAll } from "vitest";
import { emptyStorage } from "./storage.ts";

beforeAll(emptyStorage);
