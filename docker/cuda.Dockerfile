# SeaCluster with CUDA: workers and the trainer. TorchSharp-cuda-linux brings libtorch and the CUDA libraries; the node brings the driver.
#   docker build -f docker/cuda.Dockerfile -t seacluster-cuda:0.1.0 .
ARG DOTNET=10.0-noble
FROM mcr.microsoft.com/dotnet/sdk:${DOTNET} AS build
WORKDIR /source
COPY Directory.Build.props Directory.Packages.props .editorconfig SeaCluster.sln ./
COPY src src
COPY benchmarks benchmarks
RUN dotnet publish src/SeaCluster.Cli -c Release -r linux-x64 --self-contained false -o /app \
    -p:SeaTorchSharp=true -p:SeaTorchCuda=true -p:DebugType=none -p:GenerateDocumentationFile=false

FROM mcr.microsoft.com/dotnet/aspnet:${DOTNET} AS run
# ffmpeg decodes media; libgomp is libtorch's own need.
RUN apt-get update \
    && apt-get install -y --no-install-recommends ffmpeg libgomp1 \
    && rm -rf /var/lib/apt/lists/*
COPY --from=build /app /opt/seacluster
ENV DOTNET_EnableDiagnostics=0 \
    SEA_COMMAND=sea \
    NVIDIA_VISIBLE_DEVICES=all \
    NVIDIA_DRIVER_CAPABILITIES=compute,utility
USER 1654:1654
WORKDIR /tmp
EXPOSE 8080 9464
ENTRYPOINT ["dotnet", "/opt/seacluster/sea.dll"]
CMD ["--help"]
