# The official image of PostgreSQL (the one on Debian, not on Alpine) with bulk_sync in it:
#
#     docker build --build-arg POSTGRES=17 -t postgres-bulk-sync .
#
# It is run as that image is. In each database: CREATE EXTENSION bulk_sync.
ARG POSTGRES=17

FROM postgres:${POSTGRES} AS build
# PG_MAJOR is set by the image, which also has the source of packages that the headers of its server come from.
RUN apt-get update \
	&& apt-get install -y --no-install-recommends g++ make libboost-dev "postgresql-server-dev-$PG_MAJOR" \
	&& rm -rf /var/lib/apt/lists/*
WORKDIR /usr/src/bulk_sync
COPY . .
ENV PG_CONFIG=/usr/lib/postgresql/$PG_MAJOR/bin/pg_config
RUN make -j "$(nproc)" && make install DESTDIR=/installed

# The library needs nothing but libstdc++, which the server's ICU has brought already.
FROM postgres:${POSTGRES}
COPY --from=build /installed/ /
