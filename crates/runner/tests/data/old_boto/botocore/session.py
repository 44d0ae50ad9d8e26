# As much of botocore before 1.31 as says where its calls would go.
class Session:
    def create_client(self, service_name, region_name=None, api_version=None, use_ssl=True, verify=None, endpoint_url=None):
        return endpoint_url
