// Jest's set-up of these files: they prove nothing about time, and beside the cluster suite they run on what it leaves of the processors.
import { jest } from '@jest/globals';

jest.setTimeout(3_600_000);
