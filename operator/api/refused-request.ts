// A request by annotation of which nothing became, in the status of what was asked for.
import * as z from 'zod/mini';

export const refusedRequest = z.object({
  request: z.string().check(z.meta({ description: 'The annotation, or its beginning.' })),
  at: z.string().check(z.meta({ format: 'date-time' })),
  why: z.string(),
}).check(z.meta({ description: 'The last request of which nothing became.' }));
